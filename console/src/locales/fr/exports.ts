export default {
  ask: "Exporter",
  state: {
    QUEUED: "Le classeur attend son tour",
    RUNNING: "Le classeur est en cours d'écriture",
    READY: "Le classeur est prêt",
    FAILED: "Le classeur n'a pas pu être produit",
  },
  ready: "{{name}} est prêt",
  rows: "{{written}} lignes sur {{total}}",
  save: "Enregistrer de nouveau",
  unsaved: "Le fichier n'a pas pu être obtenu. Tentez de l'enregistrer de nouveau.",
};
