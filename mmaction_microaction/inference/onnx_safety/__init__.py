"""Checks that an ONNX file from a stranger runs no code and takes no more memory than its size justifies.

MMEngine imports whatever the ``type`` of a transform names. ONNX Runtime computes whatever a graph describes, and its
constant part already while it loads the file; a few hundred bytes can describe a tensor of gigabytes. Each file is
therefore checked before MMEngine or ONNX Runtime receives it. The checks compute nothing but a few small integers:

1. The fields of the file are counted before it is parsed (``utils/untrusted.py``).
2. The test pipeline in the metadata names only known transforms with known arguments within limits (``pipeline.py``).
   The settings of a detector are within limits, too (``load_settings`` in ``inference/onnx_model.py``).
3. The graph contains only operators that PyTorch exports, and no functions, subgraphs or other files
   (``operators.py``).
4. The shape of every tensor follows from the shape of the inputs and the constants (``shapes.py``).
5. The tensors that are in memory together are small relative to the inputs, and the constants relative to the file
   (``memory.py``).

``UntrustedGraph`` in ``graph.py`` runs checks 1 and 3 to 5, ``load_pipeline`` in ``pipeline.py`` runs check 2. A file
that fails a check raises a ValueError. This module imports nothing, so that check 2 works without the package ``onnx``.
"""
