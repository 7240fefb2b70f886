"""The sum over all subsets of conditions for many patients, compiled."""
