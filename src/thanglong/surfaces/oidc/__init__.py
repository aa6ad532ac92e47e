"""OpenID Connect and OAuth 2: the city's other systems sign people in here; machines get tokens; discovery and keys.

Authorization code with PKCE (S256, always) and client credentials, RFC 6749, 7009, 7636, 8414, 9207; ID tokens signed
with ES256. Clients are entered by an administrator; nobody registers one from outside.
"""
