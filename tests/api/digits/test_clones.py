"""What a clone takes of the form that was posted."""

from pathlib import Path

from embedding_explorer.api.digits.clones import with_clone
from embedding_explorer.api.digits.fields import Values
from embedding_explorer.jobs.training.records import JobType, State, TrainingJob


def job_of(type: JobType, form: Values) -> TrainingJob:
    return TrainingJob("1", type, "Mine", "g", "", "bob", State.DONE, 0.0, Path("/1"), form=form)


def test_fields_that_the_other_form_left_out_stay_out() -> None:
    type, form = JobType.CLASSIFICATION_DATASET, Values(dataset_name="Old", folder_train="/x")
    posted: Values = {"encoding": "jpg", "folder_pct_val": "50", "has_test_folder": "y", "dataset_name": "New"}
    found = with_clone(posted | {"clone": "1"}, job_of(type, form), type)
    assert found == {"dataset_name": "Mine", "folder_train": "/x", "group_name": "g"}


def test_a_clone_is_no_sweep() -> None:
    type, posted = JobType.CLASSIFICATION_MODEL, Values(learning_rate="0.1,0.2", batch_size="1,2")
    found = with_clone(posted, job_of(type, {"model_name": "Old", "dataset": "d"}), type)
    assert found == {"model_name": "Mine", "dataset": "d", "group_name": "g"}


def test_keys_of_a_bucket_are_sent_again() -> None:
    type, keys = JobType.CLASSIFICATION_DATASET, Values(s3_accesskey="a", s3_secretkey="s")
    found = with_clone(keys | {"s3_bucket": "other"}, job_of(type, {"method": "s3", "s3_bucket": "b"}), type)
    assert found == keys | {"method": "s3", "s3_bucket": "b", "dataset_name": "Mine", "group_name": "g"}
