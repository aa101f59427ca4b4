"""The operators of a plan: a tree's node and a grid go in, a `Frame` over all steps comes out.

In: nodes whose types were checked. Out: frames, annotations, limit errors. Never here: reading text, or one step alone.
"""
