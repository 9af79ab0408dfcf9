"""The rules of a policy made into tables, for ``policy.fast``.

Reading order: ``layout`` (a situation as a row of answers), ``tables`` (conditions as steps on a row), ``pages`` (the
rules that can hold under given attributes).
"""
