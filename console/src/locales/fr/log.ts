export default {
  title: "Journal des communications",
  period: {
    label: "Période",
    THIS_WEEK: "Cette semaine",
    LAST_WEEK: "Semaine dernière",
    THIS_MONTH: "Ce mois-ci",
    CUSTOM: "Personnalisée",
  },
  from: "Premier jour",
  to: "Dernier jour",
  disordered: "Le dernier jour précède le premier.",
  choose: "Choisissez le premier et le dernier jour.",
  range: "Du {{from}} au {{to}}",
  empty: "Rien n'a été envoyé pendant cette période.",
  table: "Communications envoyées, de la plus récente à la plus ancienne",
};
