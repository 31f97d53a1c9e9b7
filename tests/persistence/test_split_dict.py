"""A mapping in many parts."""

from hypothesis import given
from hypothesis import strategies as st

from persistence.split_dict import SplitDict

keys = st.text(max_size=2)
changes = st.lists(st.tuples(st.sampled_from(["put", "pop", "setdefault"]), keys, st.integers()), max_size=40)


@given(changes, keys)
def test_split_dict_is_a_dict(changes, asked):
    """Whatever is done to it, it holds what a dictionary would hold."""
    split: SplitDict[int] = SplitDict()
    plain: dict[str, int] = {}
    for what, key, value in changes:
        if what == "put":
            split[key] = plain[key] = value
        elif what == "pop":
            assert split.pop(key, None) == plain.pop(key, None)
        else:
            assert split.setdefault(key, value) == plain.setdefault(key, value)
    assert dict(split) == plain
    assert split == plain
    assert (len(split), asked in split) == (len(plain), asked in plain)
    assert (split.get(asked), split.get(asked, 5)) == (plain.get(asked), plain.get(asked, 5))


def test_no_part_holds_much_of_it():
    """However much is in it, each part stays small."""
    split: SplitDict[None] = SplitDict()
    for number in range(20_000):
        split[f"session_{number}"] = None
    assert max(map(len, split._parts)) < 400
