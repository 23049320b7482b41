"""What is lost, doubled or out of order is seen, on paper and in the stories of tasks."""

from bench.paper import problems
from bench.stories import untold

TOLD = [("new", "", ""), ("status", "SUBMITTED", "QUEUED"), ("status", "QUEUED", "PRINTING"), ("status", "PRINTING", "FINISHED")]
WHOLE = [*TOLD, ("end", "", "")]


def test_paper_is_held_against_what_was_accepted():
    assert problems(["a", "b", "c"], ["a", "b", "c"]) == []
    assert problems(["a", "b", "c"], ["a", "c"]) == ["1 accepted tasks are not on paper"]
    assert problems(["a", "b"], ["a", "b", "b"]) == ["1 tasks are on paper more than once"]
    assert problems(["a"], ["a", "x"]) == ["1 sheets are of tasks that nobody was told of"]
    assert problems(["a", "b"], ["b", "a"]) == ["the order on paper is not the order in which they were accepted"]
    assert problems(["a", "b"], ["b", "a"], ordered=False) == []


def test_stories_have_a_beginning_a_middle_and_one_end():
    assert untold(["a"], {"a": WHOLE}) == []
    assert untold(["a", "b"], {"a": WHOLE}) == [
        "1 tasks were not told as new first, and once",
        "1 tasks were not told to be over last, and once",
        "1 tasks did not end as FINISHED",
    ]
    assert untold(["a"], {"a": TOLD}) == ["1 tasks were not told to be over last, and once"]
    gap = [WHOLE[0], WHOLE[1], WHOLE[3], WHOLE[4]]
    assert untold(["a"], {"a": gap}) == ["1 tasks have a gap in their story"]
    back = [WHOLE[0], ("status", "SUBMITTED", "FINISHED"), WHOLE[4]]
    assert untold(["a"], {"a": back}) == ["1 tasks took a step that no row allows"]
