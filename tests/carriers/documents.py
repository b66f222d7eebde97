"""TwiML for the tests, made by Twilio's own library."""

from twilio.twiml.voice_response import Gather, VoiceResponse  # type: ignore[import-untyped]

FRENCH, ENGLISH = "Ceci est un exercice.", "This is a drill."
LONGEST_GREETING = 30
"""Seconds after which detection has certainly spoken."""


def ask(action: str, *, then: int = LONGEST_GREETING, **gather: object) -> str:
    """Say it in two languages, ask for a key, and hold the line for some seconds where none comes."""
    response = VoiceResponse()
    asking = Gather(action=action, num_digits=1, timeout=5, **gather)
    asking.say(FRENCH, language="fr-CA")
    asking.say(ENGLISH, language="en-CA")
    response.append(asking)
    response.pause(length=then)
    return str(response)


def say(*texts: str, language: str = "en-CA", hold: int = 0) -> str:
    response = VoiceResponse()
    for text in texts:
        response.say(text, language=language)
    if hold:
        response.pause(length=hold)
    return str(response)


def redirect(url: str, *, pause: int = 0) -> str:
    response = VoiceResponse()
    if pause:
        response.pause(length=pause)
    response.redirect(url)
    return str(response)


def dial(number: str) -> str:
    response = VoiceResponse()
    response.say("One moment.", language="en-CA")
    response.dial(number)
    return str(response)
