export default {
  title: "Being sent now",
  empty: "Nothing is being sent just now. What begins appears here by itself.",
  changed: "Last change {{time}}",
};
