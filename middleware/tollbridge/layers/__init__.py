"""The links of the chain, in the order of a crossing:

observe, sanity, context, authenticate, authorize, limit, meter, translate, policies, and at the end dispatch.
"""
