"""A task that is altered is what `dataclasses.replace` makes of it, only sooner."""

from dataclasses import replace

import pytest

from libs.contracts.states import Stage
from services.spooler.task import altered, made_of, values_of
from tests.spooler.making import task


def test_a_task_is_altered_as_replace_does_it():
    made = task(id="one", stage=Stage.FETCHABLE)
    changes = {"stage": Stage.PRINTING, "version": 7, "taken": True}
    assert altered(made, **changes) == replace(made, **changes)
    assert (made.stage, made.version) == (Stage.FETCHABLE, task().version), "the one before stays as it was"
    assert altered(made) == made


def test_what_is_no_field_is_refused():
    with pytest.raises(KeyError):
        altered(task(), colour="red")
    with pytest.raises(ValueError, match="shorter"):
        made_of(values_of(task())[:-1])
