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


def test_what_was_right_comes_in_again_and_a_network_of_ipv6_is_one_address():
    tries = Tries(2, 100, 60.0, Clock())
    tries.right("good")
    tries.wrong("2001:db8::1")
    tries.wrong("2001:db8::2")
    assert tries.wait("2001:db8::3") > 0
    assert tries.wait("2001:db8::3", "good") == 0
    assert tries.wait("2001:db8::3", "other") > 0
    assert tries.wait("2001:db8:0:1::3") == 0


def test_a_try_that_was_counted_ahead_is_taken_back():
    tries = Tries(1, 100, 60.0, Clock())
    tries.wrong("a")
    tries.undo("a")
    assert tries.wait("a") == 0
