"""IPsec: strongSwan's charon at both ends of a wire, in two namespaces, and what is seen on that wire.

IKE is the control channel and ESP the data channel; an epoch is one CHILD_SA, which is one pair of ESP keys.
"""
