"""The 25 statuses on one page: number, standing, labels and explanations. Imports words only.

A number is channel * 100 + rank. Within a delivery the highest number ever reported is its status; arrival never decides.
"""

from dataclasses import dataclass
from enum import IntEnum

from tocsin.words import Channel, Locale, OutcomeReason, Standing


class DeliveryStatus(IntEnum):
    """Every status that a carrier's report can give to a delivery."""

    CALL_QUEUED = 110
    CALL_STARTED = 120
    CALL_RINGING = 130
    CALL_IN_PROGRESS = 140
    CALL_NO_ANSWER = 150
    CALL_BUSY = 151
    CALL_FAILED = 152
    CALL_COMPLETED = 160
    CALL_VOICEMAIL = 170
    CALL_FAX = 171
    CALL_CONFIRMED = 180
    SMS_ACCEPTED = 210
    SMS_QUEUED = 220
    SMS_SENDING = 230
    SMS_SENT = 240
    SMS_FAILED = 250
    SMS_UNDELIVERED = 251
    SMS_RECEIVED = 260
    EMAIL_SENT = 320
    EMAIL_NOT_SENT = 330
    EMAIL_REJECTED = 331
    EMAIL_RECEIVED = 340
    EMAIL_REBOUND = 350
    EMAIL_OPENED = 360
    EMAIL_SPAM = 370

    @property
    def channel(self) -> Channel:
        """The channel on which this status can be reported."""
        return Channel(self // 100)

    @property
    def rank(self) -> int:
        """Its place among the statuses of its channel; the higher wins."""
        return self % 100


@dataclass(frozen=True, slots=True)
class Switches:
    """The two choices of a category that change what a status means."""

    confirmation_required: bool = False
    voicemail_counts: bool = True


@dataclass(frozen=True, slots=True)
class Meaning:
    """How a status counts, what it is called, and why its recipient is not contacted when it is missed."""

    standing: Standing
    english: tuple[str, str]
    french: tuple[str, str]
    reason: OutcomeReason | None = None

    def label(self, locale: Locale) -> str:
        return (self.french if locale is Locale.FR else self.english)[0]

    def explanation(self, locale: Locale) -> str:
        return (self.french if locale is Locale.FR else self.english)[1]


R, P, M = Standing.REACHED, Standing.PENDING, Standing.MISSED
S, O = DeliveryStatus, OutcomeReason  # noqa: E741 - the table below is read by column

MEANINGS: dict[DeliveryStatus, Meaning] = {
    S.CALL_QUEUED: Meaning(P, ("Queued", "The carrier holds the call and will place it in its turn."), ("En file d'attente", "Le télécommunicateur garde l'appel et le fera à son tour.")),
    S.CALL_STARTED: Meaning(P, ("Started", "The citizen's number has been dialled."), ("Lancé", "Le numéro du citoyen a été composé.")),
    S.CALL_RINGING: Meaning(P, ("Ringing", "The citizen's telephone rings."), ("Sonnerie", "Le téléphone du citoyen sonne.")),
    S.CALL_IN_PROGRESS: Meaning(P, ("In progress", "Somebody or something has picked up: a person, a fax or a voice mailbox."), ("En cours", "On a décroché : une personne, un télécopieur ou une boîte vocale.")),
    S.CALL_NO_ANSWER: Meaning(M, ("No answer", "It rang, nobody picked up and no voice mailbox took the message."), ("Aucune réponse", "Le téléphone a sonné sans que personne décroche ni qu'une boîte vocale prenne le message."), O.NO_ANSWER),
    S.CALL_BUSY: Meaning(M, ("Busy", "The line was engaged."), ("Occupé", "La ligne était occupée."), O.BUSY),
    S.CALL_FAILED: Meaning(M, ("Failed", "The call could not be placed; the number may be wrong or out of reach."), ("Échec", "L'appel n'a pu être fait; le numéro est peut-être erroné ou injoignable."), O.FAILED),
    S.CALL_COMPLETED: Meaning(R, ("Completed", "The citizen answered and the call has ended."), ("Terminé", "Le citoyen a répondu et l'appel est terminé."), O.UNCONFIRMED),
    S.CALL_VOICEMAIL: Meaning(R, ("Voicemail", "A voice mailbox took the call."), ("Boîte vocale", "Une boîte vocale a pris l'appel."), O.VOICEMAIL),
    S.CALL_FAX: Meaning(M, ("Fax", "A fax machine answers at this number."), ("Télécopieur", "Un télécopieur répond à ce numéro."), O.FAX),
    S.CALL_CONFIRMED: Meaning(R, ("Confirmed", "The citizen pressed 1 to say that the message was heard."), ("Confirmé", "Le citoyen a appuyé sur le 1 pour dire qu'il a entendu le message.")),
    S.SMS_ACCEPTED: Meaning(P, ("Accepted", "The carrier took the request and chooses the number to send from."), ("Accepté", "Le télécommunicateur a pris la demande et choisit le numéro d'envoi.")),
    S.SMS_QUEUED: Meaning(P, ("Queued", "The message waits for its turn at the carrier."), ("En file d'attente", "Le message attend son tour chez le télécommunicateur.")),
    S.SMS_SENDING: Meaning(P, ("Sending", "The carrier is handing the message to the network."), ("Envoi en cours", "Le télécommunicateur remet le message au réseau.")),
    S.SMS_SENT: Meaning(P, ("Sent", "The network has the message; the telephone has not acknowledged it yet."), ("Envoyé", "Le réseau a le message; l'appareil n'en a pas encore accusé réception.")),
    S.SMS_FAILED: Meaning(M, ("Failed", "The message could not be sent to this number."), ("Échec", "Le message n'a pu être envoyé à ce numéro."), O.FAILED),
    S.SMS_UNDELIVERED: Meaning(M, ("Undelivered", "The network reports that the message did not reach the telephone."), ("Non livré", "Le réseau signale que le message n'a pas atteint l'appareil."), O.UNDELIVERED),
    S.SMS_RECEIVED: Meaning(R, ("Received", "The citizen's telephone acknowledged the message."), ("Reçu", "L'appareil du citoyen a accusé réception du message.")),
    S.EMAIL_SENT: Meaning(P, ("Sent", "The e-mail is on its way to the citizen's mailbox."), ("Envoyé", "Le courriel est en route vers la boîte du citoyen.")),
    S.EMAIL_NOT_SENT: Meaning(M, ("Not sent", "The e-mail did not leave: the address is unknown, unusable or blocked."), ("Non envoyé", "Le courriel n'est pas parti : l'adresse est inconnue, inutilisable ou bloquée."), O.NOT_SENT),
    S.EMAIL_REJECTED: Meaning(M, ("Rejected", "A virus was found in the e-mail, which stays unsent."), ("Rejeté", "Un virus a été trouvé dans le courriel, qui n'est pas envoyé."), O.REJECTED),
    S.EMAIL_RECEIVED: Meaning(R, ("Received", "The citizen's mail server took delivery."), ("Reçu", "Le serveur de messagerie du citoyen a pris livraison.")),
    S.EMAIL_REBOUND: Meaning(M, ("Rebound", "The citizen's mail server refuses this address for good."), ("Rebond", "Le serveur de messagerie du citoyen refuse cette adresse pour de bon."), O.REBOUND),
    S.EMAIL_OPENED: Meaning(R, ("Opened", "The citizen received the e-mail and opened it."), ("Ouvert", "Le citoyen a reçu le courriel et l'a ouvert.")),
    S.EMAIL_SPAM: Meaning(R, ("Marked as spam", "The e-mail arrived and the citizen reported it as unwanted."), ("Marqué comme indésirable", "Le courriel est arrivé et le citoyen l'a signalé comme indésirable.")),
}  # fmt: skip

WITHOUT_CONFIRMATION = frozenset({S.CALL_COMPLETED, S.CALL_VOICEMAIL})
"""Calls that reach nobody where the citizen has to press 1."""

FINAL = frozenset(status for status, meaning in MEANINGS.items() if meaning.standing is not P)
"""Statuses after which a carrier owes nothing more, though a higher rank may still come."""


def judge(status: DeliveryStatus, switches: Switches) -> Standing:
    """Return the standing of a status under a communication's switches."""
    if switches.confirmation_required and status in WITHOUT_CONFIRMATION:
        return M
    if status is S.CALL_VOICEMAIL and not switches.voicemail_counts:
        return M
    return MEANINGS[status].standing
