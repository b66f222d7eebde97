export default {
  title: "Vérification",
  again: "Relire",
  empty: "Rien n'a encore été fait.",
  column: { at: "Quand", by: "Qui", action: "Quoi", count: "Citoyens", detail: "Détails" },
};
