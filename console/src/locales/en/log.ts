export default {
  title: "Communications log",
  period: {
    label: "Period",
    THIS_WEEK: "This week",
    LAST_WEEK: "Last week",
    THIS_MONTH: "This month",
    CUSTOM: "Custom",
  },
  from: "First day",
  to: "Last day",
  disordered: "The last day is before the first.",
  choose: "Choose the first and the last day.",
  range: "From {{from}} to {{to}}",
  empty: "Nothing was sent in this period.",
  table: "Communications sent, newest sending first",
};
