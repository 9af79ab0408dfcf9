"""Proving things about a policy: over every situation there can be, not only over examples.

Reading order: ``space`` (all situations as one diagram), ``cells`` (from a part of it to a situation in hand).
"""
