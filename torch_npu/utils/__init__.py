"""Helpers around torch_npu."""
