"""What a program does in passes over data, found in the traces of its runs: training, evaluation, modes, loaders."""
