"""The smart city index: frameworks as data, the composite index computed from them, and how firm each rank is.

For city leaders, delegates who build an index together, stewards of data and auditors. The statistics follow the
OECD/JRC
handbook on composite indicators; frameworks restate public facts (U4SSC key performance indicators, Viet Nam's digital
transformation index, the human development indices) or are drafts of ours and marked so. It contributes no measures
yet.
"""
