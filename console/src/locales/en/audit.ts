export default {
  title: "Audit",
  again: "Read again",
  empty: "Nothing has been done yet.",
  column: { at: "When", by: "Who", action: "What", count: "Citizens", detail: "Details" },
};
