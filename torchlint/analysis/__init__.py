"""What a program means: it is run over abstract values, and each thing of note that happens is a fact."""
