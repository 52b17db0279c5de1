"""Statistics: numbers in, numbers and words out; knows no pandas and no runs."""
