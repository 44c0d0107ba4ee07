"""The fields of forms and queries, for the description; the parsers in `training` decide on them."""

from collections.abc import Sequence

from embedding_explorer.api.digits.fields import Values
from embedding_explorer.api.digits.routes import Field
from embedding_explorer.jobs.training.records import JobType
from embedding_explorer.networks.preprocessing import Faults
from embedding_explorer.training.forms.fields import MAX_TEXT
from embedding_explorer.training.forms.model import MAX_NETWORK_TEXT, REFUSED


def named(words: str, kind: str = "string") -> tuple[Field, ...]:
    """Fields of one kind; those that are required end in `!`."""
    return tuple(Field(word.rstrip("!"), kind, required=word.endswith("!")) for word in words.split())


IDENTITY = (
    Field("username", text="Who asks, where there is no cookie."),
    Field("clone", text="Id of a job whose form is taken as a whole."),
    Field("group_name"),
)
CLASSIFICATION_DATASET = (
    *named("dataset_name! method resize_mode encoding backend compression"),
    *named("resize_channels resize_width resize_height", "integer"),
    *named("folder_train folder_val folder_test"),
    Field("archive", "file", "Of the method `archive`: a ZIP, tar or 7z file with one folder per class."),
    *named("folder_pct_val folder_pct_test folder_train_min_per_class folder_train_max_per_class", "integer"),
    *named("has_val_folder has_test_folder", "boolean"),
    *named("folder_val_min_per_class folder_val_max_per_class", "integer"),
    *named("folder_test_min_per_class folder_test_max_per_class", "integer"),
    *named("textfile_use_local_files textfile_use_val textfile_use_test textfile_shuffle", "boolean"),
    *named("textfile_train_images textfile_val_images textfile_test_images textfile_labels_file", "file"),
    *named("textfile_local_train_images textfile_local_val_images textfile_local_test_images"),
    *named("textfile_local_labels_file textfile_train_folder textfile_val_folder textfile_test_folder"),
    *named("s3_endpoint_url s3_bucket s3_path s3_accesskey s3_secretkey"),
    *named("s3_keepcopiesondisk", "boolean"),
    *named("s3_pct_val s3_pct_test s3_train_min_per_class s3_train_max_per_class", "integer"),
    *IDENTITY,
)
GENERIC_DATASET = (
    *named("dataset_name! dsopts_feature_encoding dsopts_label_encoding dsopts_backend dsopts_force_same_shape"),
    *named("dsopts_batch_size dsopts_num_threads", "integer"),
    *named("train_image_count val_image_count test_image_count image_width image_height folder_pct_val", "integer"),
    *named("feature_folder label_folder validation_feature_folder validation_label_folder channel_conversion"),
    *named("has_val_folder", "boolean"),
    *IDENTITY,
)
EXAMPLE = (*named("width height channels", "integer"), *named("resize_mode backend encoding"))
EXPLORE = (
    Field("job_id", text="Id of a dataset.", required=True),
    Field("db", text="A set: train, val, test; of a generic dataset also train_db/features and so on."),
    Field("page", "integer", "From 0 on."),
    Field("size", "integer", "Images of a page, at most 500."),
    Field("label", "integer", "Only images of this class."),
)
POLICY = (
    *named("lr_policy lr_multistep_values"),
    Field("learning_rate", text="One number, or several with commas."),
    *named(
        "lr_step_size lr_step_gamma lr_multistep_gamma lr_exp_gamma lr_inv_gamma lr_inv_power lr_poly_power "
        "lr_sigmoid_step lr_sigmoid_gamma",
        "number",
    ),
)
MODEL = (
    *named("model_name! dataset! framework method standard_networks previous_networks pretrained_networks"),
    Field("{previous_networks}-snapshot", "number", "Epoch of the weights; 0 for none, -1 for those it began with."),
    *named("custom_network custom_network_snapshot"),
    *named("train_epochs random_seed batch_accumulation crop_size", "integer"),
    Field("batch_size", text="One whole number, or several with commas."),
    *named("snapshot_interval val_interval rms_decay", "number"),
    *named("solver_type use_mean select_gpu select_gpus_list"),
    Field("select_gpus", repeated=True),
    *named("select_gpu_count", "integer"),
    *POLICY,
    *named("shuffle aug_whitening aug_hsv_use", "boolean"),
    *named("aug_flip aug_quad_rot"),
    *named("aug_rot", "integer"),
    *named("aug_scale aug_noise aug_contrast aug_hsv_h aug_hsv_s aug_hsv_v", "number"),
    *IDENTITY,
)


def known_values(values: Values, type: JobType) -> Values:
    """What a form that creates a job says, without fields that nobody reads: forms are kept, and shown to all.

    Raises InvalidFields for values that are too long to be kept.
    """
    names = _names_of(type)
    if isinstance(previous := values.get("previous_networks"), str):
        names.add(f"{previous.strip()}-snapshot")
    known = {name: value for name, value in values.items() if name in names}
    _check_lengths(known)
    return known


def _names_of(type: JobType) -> set[str]:
    if type is JobType.CLASSIFICATION_DATASET:
        return {field.name for field in CLASSIFICATION_DATASET}
    if type is JobType.GENERIC_DATASET:
        return {field.name for field in GENERIC_DATASET}
    return {*(field.name for field in MODEL), *REFUSED}


def _check_lengths(values: Values) -> None:
    faults = Faults()
    for name, value in values.items():
        most = MAX_NETWORK_TEXT if name == "custom_network" else MAX_TEXT
        texts: Sequence[str] = [value] if isinstance(value, str) else value
        if sum(len(text) + 1 for text in texts) > most + 1:
            faults.add(name, f"At most {most} characters are allowed.")
    faults.raise_any()
