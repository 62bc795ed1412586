"""Cases of tokens sorted by expert after a map of who goes where."""

import torch
from vendor_case import Case, seeded


def sources(routing_map, capacity=None):
    """The token of each sorted row."""
    by_expert = routing_map.bool().t()
    if capacity is None:
        return by_expert.nonzero()[:, 1]
    order = by_expert.int().argsort(dim=-1, descending=True, stable=True)
    return order[:, :capacity].flatten()


def sorted_probs(probs, routing_map, capacity=None):
    if capacity is None:
        return probs.t()[routing_map.bool().t()]
    return probs.t().gather(1, sources(routing_map, capacity).view(-1, capacity)).flatten()


def permute(tokens, routing_map, *, probs=None, num_out_tokens=None, drop_and_pad=False):
    count = num_out_tokens or len(tokens)
    capacity = count // routing_map.shape[1] if drop_and_pad else None
    source = sources(routing_map, capacity)
    places = source if drop_and_pad else source.argsort(stable=True)
    weights = None if probs is None else sorted_probs(probs, routing_map, capacity)
    return tokens[source], weights, places.int()


def permute_backward(grad, grad_probs, places, routing_map, drop_and_pad):
    tokens = torch.zeros(routing_map.shape[0], grad.shape[1], requires_grad=True)
    probs = torch.zeros(routing_map.shape, requires_grad=True)
    out = permute(
        tokens, routing_map, probs=probs, num_out_tokens=len(grad), drop_and_pad=drop_and_pad
    )
    return torch.autograd.grad(out[:2], (tokens, probs), (grad, grad_probs))


def permute_grad(grad, grad_probs, places, routing_map, experts, tokens, drop_and_pad):
    if grad_probs is None:
        grad_probs = torch.zeros(len(grad))
        return permute_backward(grad, grad_probs, places, routing_map, drop_and_pad)[0], None
    return permute_backward(grad, grad_probs, places, routing_map, drop_and_pad)


def unpermute(tokens, places, shape, *, probs=None, routing_map=None, drop_and_pad=False):
    weights = None
    if probs is not None:
        capacity = len(tokens) // probs.shape[1] if drop_and_pad else None
        weights = sorted_probs(probs, routing_map, capacity)
        tokens = tokens * weights.unsqueeze(-1)
    if drop_and_pad:
        ids, order = places.sort(stable=True)
        out = torch.zeros(shape).index_add(0, places.long(), tokens)
        return out, order.int(), ids, weights
    out = tokens[places.long()].unflatten(0, (shape[0], -1)).sum(1)
    return out, None, None, weights


def unpermute_grad(grad, order, ids, routing_map, tokens, probs, drop_and_pad, shape):
    tokens = torch.zeros(order.numel(), grad.shape[1]) if tokens is None else tokens.detach()
    tokens.requires_grad_()
    values = [tokens] if probs is None else [tokens, probs.detach().requires_grad_()]
    places = torch.empty_like(ids).index_copy(0, order.long(), ids) if drop_and_pad else order
    out = unpermute(
        tokens,
        places,
        shape,
        probs=None if probs is None else values[1],
        routing_map=routing_map,
        drop_and_pad=drop_and_pad,
    )[0]
    grads = torch.autograd.grad(out, values, grad)
    return (*grads, *[None] * (2 - len(grads)))


def unpermute_backward(grad, places, order, ids, *rest):
    padded = rest[3]
    return unpermute_grad(grad, order if padded else places, ids, *rest)


TOKENS, PROBS = seeded(5, 6), seeded(5, 4, seed=1)
# Two experts for each token; and any number of them.
TWO = torch.tensor(
    [[1, 0, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1], [0, 0, 1, 1], [1, 1, 0, 0]], dtype=torch.int8
)
ANY = torch.tensor(
    [[1, 1, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0], [1, 0, 1, 1], [1, 0, 0, 1]], dtype=torch.bool
)
ROWS, _, PLACES = permute(TOKENS, TWO, num_out_tokens=10)
PADDED, _, IDS = permute(TOKENS, ANY, num_out_tokens=12, drop_and_pad=True)
SORTED, ORDER = (values.int() for values in IDS.sort(stable=True))
G, GP = seeded(5, 6, seed=2), seeded(12, seed=3)

CASES = [
    Case("npu_moe_token_permute_with_routing_map", (TOKENS, TWO), permute,
        {"num_out_tokens": 10, "probs": PROBS}),
    Case("npu_moe_token_permute_with_routing_map", (TOKENS, torch.eye(5).bool()), permute,
        note="no weights"),
    Case("npu_moe_token_permute_with_routing_map", (TOKENS, ANY), permute,
        {"num_out_tokens": 14, "probs": PROBS, "drop_and_pad": True}, note="padded"),
    Case("_npu_moe_token_permute_with_routing_map_backward", (ROWS, GP[:10], PLACES, TWO, False),
        permute_backward),
    Case("_npu_moe_token_permute_with_routing_map_backward", (PADDED, GP, IDS, ANY, True),
        permute_backward, note="padded", tolerance=2),
    Case("npu_moe_token_permute_with_routing_map_grad", (ROWS, None, PLACES, TWO, 4, 5, False),
        permute_grad),
    Case("npu_moe_token_permute_with_routing_map_grad", (PADDED, GP, IDS, ANY, 4, 5, True),
        permute_grad, note="padded", tolerance=2),
    *(
        Case(op, (ROWS, PLACES, [5, 6]), function, kwargs, note=note)
        for op, function in (
            ("_npu_moe_token_unpermute_with_routing_map", unpermute),
            ("npu_moe_token_unpermute_with_routing_map", lambda *a, **k: unpermute(*a, **k)[0]),
        )
        for note, kwargs in (("", {"probs": PROBS, "routing_map": TWO}), ("no weights", {}))
    ),
    Case("_npu_moe_token_unpermute_with_routing_map", (PADDED, IDS, [5, 6]), unpermute,
        {"probs": PROBS, "routing_map": ANY, "drop_and_pad": True}, note="padded", tolerance=3),
    Case("_npu_moe_token_unpermute_with_routing_map_backward", (G, PLACES, PLACES, PLACES, TWO,
        ROWS, PROBS, False, [5, 6]), unpermute_backward, tolerance=3),
    Case("_npu_moe_token_unpermute_with_routing_map_backward", (G, IDS, ORDER, SORTED, ANY,
        PADDED, PROBS, True, [5, 6]), unpermute_backward, note="padded", tolerance=3),
    Case("npu_moe_token_unpermute_with_routing_map_grad", (G, PLACES, PLACES, None, None, None,
        False, [5, 6]), unpermute_grad, tolerance=3),
    Case("npu_moe_token_unpermute_with_routing_map_grad", (G, ORDER, SORTED, ANY, PADDED, PROBS,
        True, [5, 6]), unpermute_grad, note="padded", tolerance=3),
]  # fmt: skip
