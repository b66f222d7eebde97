export default {
  title: "Envois en cours",
  empty: "Aucun envoi n'est en cours. Ce qui commence apparaît ici de soi-même.",
  changed: "Dernier changement {{time}}",
};
