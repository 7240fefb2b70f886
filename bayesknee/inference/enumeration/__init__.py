"""Exact inference by summing over all subsets of conditions: any kind of finding, up to about 20 conditions."""
