"""The tables in //third_party/cann/aclnn."""

# Headers and sources are generated for each by itself, so that a new function compiles again only
# what calls or emulates its family.
ACLNN_FAMILIES = [
    "activation",
    "arithmetic",
    "attention",
    "binary",
    "comparison",
    "convolution",
    "copy",
    "foreach",
    "indexing",
    "inference",
    "linalg",
    "loss",
    "matmul",
    "moe",
    "normalization",
    "optimizer",
    "padding",
    "pooling",
    "quantization",
    "random",
    "recurrent",
    "reduction",
    "rotary",
    "sorting",
    "unary",
    "upsample",
]
