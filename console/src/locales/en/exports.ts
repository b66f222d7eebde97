export default {
  ask: "Export",
  state: {
    QUEUED: "The workbook waits for its turn",
    RUNNING: "The workbook is being written",
    READY: "The workbook is ready",
    FAILED: "The workbook could not be made",
  },
  ready: "{{name}} is ready",
  rows: "{{written}} of {{total}} rows",
  save: "Save again",
  unsaved: "The file could not be fetched. Try to save it again.",
};
