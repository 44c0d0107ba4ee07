"""What a user of DIGITS can do (contract, 12), and the tests that do it."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
ABILITIES_OF_THE_TUTORIAL = 42


def contract(name: str) -> str:
    """A file of tests beside this one."""
    return f"contracts/test_digits_{name}.py"


SERVER, JOBS, DATASETS, MODELS, PAGES, EVENTS, INFERENCE, PRETRAINED, STORE, CONVENTIONS, BUSY = map(
    contract,
    ("server", "jobs", "datasets", "models", "pages", "events", "inference", "pretrained", "store", "conventions",
     "busy"),
)  # fmt: skip
DOWNLOADS, SERVICE, SETTINGS = "cli/test_download.py", "jobs/training/test_service.py", "test_settings.py"
# Number and ability → tests: file and name.
ABILITIES: dict[tuple[int, str], tuple[tuple[str, str], ...]] = {
    (1, "open the home page"): (
        (SERVER, "test_the_home_page_answers_and_gives_the_index_to_whoever_wants_json"),
        (PAGES, "test_the_home_of_the_training_pages_lists_jobs"),
    ),
    (2, "see versions"): ((SERVER, "test_the_index_names_versions_and_lists_jobs_in_short"),),
    (3, "see the GPUs"): ((SERVER, "test_gpus_are_counted_and_listed"),),
    (4, "list datasets"): ((SERVER, "test_finished_jobs_are_rows_of_tables_with_metrics"),),
    (5, "list models with their metrics"): ((SERVER, "test_finished_jobs_are_rows_of_tables_with_metrics"),),
    (6, "list pretrained models"): ((PRETRAINED, "test_pretrained_models_are_jobs_like_others"),),
    (7, "see running jobs"): ((BUSY, "test_a_training_keeps_the_explorer_out_and_other_trainings_queue"),),
    (8, "download MNIST or CIFAR by command"): (
        (DOWNLOADS, "test_archives_in_the_folder_are_enough"),
        (DOWNLOADS, "test_the_option_c_empties_the_folder_first"),
    ),
    (9, "log in by name"): (
        (SERVER, "test_a_login_sets_the_bare_name_and_goes_on_inside_this_host"),
        (PAGES, "test_the_login_page_is_a_form_that_works_without_scripts"),
    ),
    (10, "make a dataset of folders"): (
        (DATASETS, "test_creating_a_dataset_answers_at_once_and_the_work_follows"),
        (DATASETS, "test_a_finished_classification_dataset_tells_of_its_tasks"),
    ),
    (11, "make a dataset of lists"): ((DATASETS, "test_lists_may_be_uploaded"),),
    (12, "make a dataset of a bucket"): (
        (SERVICE, "test_a_bucket_is_fetched_with_keys_that_only_the_memory_has"),
        (DATASETS, "test_keys_of_a_bucket_are_neither_shown_nor_cloned_nor_logged"),
    ),
    (13, "see what resize modes do"): ((DATASETS, "test_an_example_shows_what_a_resize_mode_does"),),
    (14, "name and group"): (
        (JOBS, "test_a_job_is_renamed_and_annotated"),
        (JOBS, "test_jobs_are_grouped_and_clones_go_into_the_group"),
    ),
    (15, "watch the creation"): (
        (JOBS, "test_the_state_of_a_job_is_told_under_every_family"),
        (EVENTS, "test_a_dataset_says_its_statistics"),
    ),
    (16, "count images of classes, see the mean"): (
        (DATASETS, "test_statistics_count_images_of_every_class_in_every_set"),
    ),
    (17, "browse images"): (
        (DATASETS, "test_images_are_browsed_by_set_page_and_class"),
        (DATASETS, "test_generic_images_are_browsed_with_their_values"),
    ),
    (18, "train a model"): ((MODELS, "test_the_answer_to_a_creation_is_the_models_short_form"),),
    (19, "see the learning rates before"): ((MODELS, "test_rates_are_shown_over_the_whole_training"),),
    (20, "choose transformations"): (
        (MODELS, "test_every_option_of_a_training_is_taken"),
        (MODELS, "test_faults_of_a_model_form_are_all_named"),
    ),
    (21, "use a standard network"): ((MODELS, "test_a_finished_model_has_its_snapshots_and_files"),),
    (22, "use a previous network"): ((MODELS, "test_a_model_goes_on_from_a_previous_one_with_its_weights"),),
    (23, "use a pretrained network"): ((PRETRAINED, "test_a_training_starts_from_a_pretrained_model"),),
    (24, "use a custom network, begin with a standard one, look at layers"): (
        (MODELS, "test_the_text_of_a_network_may_be_changed_and_sent_back"),
        (MODELS, "test_layers_of_a_network_are_listed"),
    ),
    (25, "choose the GPU"): (
        (MODELS, "test_every_option_of_a_training_is_taken"),
        (MODELS, "test_faults_of_a_model_form_are_all_named"),
    ),
    (26, "watch the training"): (
        (MODELS, "test_graphs_are_in_the_shape_of_the_pages"),
        (EVENTS, "test_a_model_says_how_it_goes_on_until_it_ends"),
    ),
    (27, "abort, delete, clone, rename, annotate"): (
        (JOBS, "test_an_active_job_is_aborted_and_an_ended_one_is_not"),
        (JOBS, "test_a_deleted_job_is_gone_with_its_folder_whatever_the_family_in_the_path"),
        (JOBS, "test_a_clone_is_an_exact_twin"),
        (JOBS, "test_a_job_is_renamed_and_annotated"),
    ),
    (28, "choose a snapshot"): (
        (MODELS, "test_networks_to_begin_with_are_listed"),
        (INFERENCE, "test_epochs"),
    ),
    (29, "download the model of an epoch"): (
        (PRETRAINED, "test_a_model_as_an_archive"),
        (PRETRAINED, "test_the_epoch_of_a_download"),
    ),
    (30, "publish a model as pretrained"): ((PRETRAINED, "test_a_snapshot_is_kept"),),
    (31, "publish to an inference server: not offered, 404"): (
        (CONVENTIONS, "test_every_route_of_the_contract_answers_in_every_spelling"),
    ),
    (32, "classify one image"): ((INFERENCE, "test_one_image_by_upload_and_by_path"),),
    (33, "look inside"): ((INFERENCE, "test_a_look_inside_the_network"),),
    (34, "classify a list"): ((INFERENCE, "test_lists_with_a_folder_a_number_and_what_is_missing"),),
    (35, "accuracies and confusions"): ((INFERENCE, "test_a_validation_list_as_it_is"),),
    (36, "the best images of each class"): ((INFERENCE, "test_the_best_images_of_each_class"),),
    (37, "fetch a model from the store"): ((STORE, "test_the_list"), (STORE, "test_a_model_is_fetched")),
    (38, "send a pretrained model as files"): (
        (PRETRAINED, "test_single_files"),
        (PRETRAINED, "test_an_empty_file_of_labels_counts_as_one"),
    ),
    (39, "send it as an archive"): ((PRETRAINED, "test_an_archive_is_taken_as_it_was_downloaded"),),
    (40, "delete a pretrained model"): ((PRETRAINED, "test_pretrained_models_are_jobs_like_others"),),
    (41, "find the files of a job"): ((SERVER, "test_files_of_jobs_are_served_as_they_lie_on_the_disk"),),
    (42, "start without a log file"): ((SETTINGS, "test_a_log_file_that_cannot_be_written_is_a_warning"),),
}


def functions(path: Path) -> set[str]:
    """Names of the functions in a file of tests."""
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("ability", ABILITIES, ids=lambda ability: f"{ability[0]} {ability[1]}")
def test_every_ability_has_tests_that_exist(ability: tuple[int, str]) -> None:
    for file, name in ABILITIES[ability]:
        assert name in functions(TESTS / file), (file, name)


def test_no_ability_is_left_out() -> None:
    assert [number for number, _ in ABILITIES] == list(range(1, ABILITIES_OF_THE_TUTORIAL + 1))
