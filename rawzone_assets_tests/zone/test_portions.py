"""Portions and parcels: how many things are dealt with together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.zone.portions import parcels, portions

SIZES = st.lists(st.integers(0, 20), max_size=30)


@pytest.mark.parametrize("divided", [portions, parcels])
@given(sizes=SIZES, most=st.integers(1, 5), most_size=st.integers(1, 40))
def test_all_things_are_given_out_in_order_and_never_none(divided, sizes, most, most_size):
    given_out = list(divided(sizes, int, most=most, most_size=most_size))
    assert [size for some in given_out for size in some] == sizes
    assert all(0 < len(some) <= most for some in given_out)


@given(sizes=SIZES, most=st.integers(1, 5), most_size=st.integers(1, 40))
def test_a_portion_ends_with_the_thing_that_fills_it(sizes, most, most_size):
    for some in portions(sizes, int, most=most, most_size=most_size):
        assert sum(some[:-1]) < most_size


@given(sizes=SIZES, most=st.integers(1, 5), most_size=st.integers(1, 40))
def test_a_parcel_is_too_large_only_where_one_thing_alone_is(sizes, most, most_size):
    for some in parcels(sizes, int, most=most, most_size=most_size):
        assert sum(some) <= most_size or len(some) == 1
