"""Shapes of what torch computes, as pure functions from shapes and arguments to shapes.

Start at `torchlint.torch_api.shapes.table`: it names every layer and function and tells how to call them.
"""
