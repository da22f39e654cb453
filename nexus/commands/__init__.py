"""The verbs of the command line, one file a group. Each reads its options, calls one floor below and shows the answer."""
