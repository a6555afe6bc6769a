"""Preparation of datasets before training, for the commands prepare, frames and embed."""
