"""Who guesses has to wait, and others need not."""

from services.gateway.webapi.tries import Tries


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_an_address_waits_after_its_wrong_tries_until_the_window_is_over():
    clock = Clock()
    tries = Tries(3, 100, 60.0, clock)
    for second in range(3):
        clock.now = float(second)
        assert tries.wait("a") == 0
        tries.wrong("a")
    assert tries.wait("a") == 58
    assert tries.wait("b") == 0
    clock.now = 60.5
    assert tries.wait("a") == 0
    tries.wrong("a")
    assert tries.wait("a") > 0


def test_many_addresses_together_wait_too():
    clock = Clock()
    tries = Tries(3, 5, 60.0, clock)
    for number in range(5):
        assert tries.wait(f"{number}") == 0
        tries.wrong(f"{number}")
    assert tries.wait("another") == 60
    clock.now = 61.0
    assert tries.wait("another") == 0
