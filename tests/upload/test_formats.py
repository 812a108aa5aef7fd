import pytest

from sdir_async.upload.formats import is_organization_number, is_person_number


@pytest.mark.parametrize(
    "number",
    [
        pytest.param("41814061033", id="synthetic D-number"),
        pytest.param("41810021827", id="another synthetic D-number"),
        pytest.param("15869000016", id="synthetic birth number"),
    ],
)
def test_a_person_number_with_good_check_digits_passes(number: str) -> None:
    """Birth numbers, D-numbers and synthetic numbers share their check digits."""
    assert is_person_number(number)


@pytest.mark.parametrize("remainder", [0, 1, 2, 3])
def test_the_first_check_may_leave_a_remainder_of_up_to_three(remainder: int) -> None:
    """Numbers given out from 2032 use remainders that were errors before."""
    assert is_person_number(_number(remainder))


@pytest.mark.parametrize("remainder", [4, 7, 10])
def test_a_larger_remainder_is_refused(remainder: int) -> None:
    """No scheme, old or new, gives out such a number."""
    assert not is_person_number(_number(remainder))


@pytest.mark.parametrize(
    "text",
    ["41814061034", "4181406103", "418140610330", "4181406103x", "418140 61033", "٤" * 11, ""],
)
def test_what_is_no_person_number_is_refused(text: str) -> None:
    """Wrong check digits, another length, and anything but the ten digits."""
    assert not is_person_number(text)


@pytest.mark.parametrize(
    ("text", "good"),
    [("991825827", True), ("991825828", False), ("99182582", False), ("x" * 9, False)],
)
def test_an_organization_number_needs_its_check_digit(text: str, good: bool) -> None:
    """The check digit makes the weighted sum divisible by 11."""
    assert is_organization_number(text) is good


def _number(remainder: int) -> str:
    """Return a synthetic number whose first check leaves this remainder, and the second none."""
    first, second = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
    for serial in range(100_000):
        digits = f"018190{serial:05}"
        sums = [sum(w * int(d) for w, d in zip(ws, digits, strict=False)) for ws in (first, second)]
        if sums[0] % 11 == remainder and sums[1] % 11 == 0:
            return digits
    raise AssertionError
