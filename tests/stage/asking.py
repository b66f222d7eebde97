"""What clients ask of citizens and their verifications, in the words of the API."""

PROFILE_FIELDS = """id firstName lastName locale modifiedAt contactPoints { id address channels verifiedAt suppressed
  verification { channel sentAt expiresAt status attemptsToday retryAt } }"""
PROFILE = f"query ($id: ID!) {{ citizen(id: $id) {{ {PROFILE_FIELDS} }} }}"
FOLLOW = f"subscription ($id: ID!) {{ citizenChanged(id: $id) {{ {PROFILE_FIELDS} }} }}"
UPDATE = f"mutation ($input: UpdateCitizenInput!) {{ updateCitizen(input: $input) {{ {PROFILE_FIELDS} }} }}"
RESEND = """mutation ($point: ID!, $channel: Channel!) { resendVerification(contactPointId: $point, channel: $channel) {
  id verifiedAt verification { channel sentAt expiresAt status attemptsToday retryAt } } }"""
CONFIRM = """mutation ($point: ID!, $code: String!) { confirmVerification(contactPointId: $point, code: $code) {
  id address verifiedAt } }"""
