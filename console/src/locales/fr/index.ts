// Everything that the console says, in French. English says the same in ../en.
import audit from "./audit";
import citizens from "./citizens";
import common from "./common";
import editor from "./editor";
import exports from "./exports";
import grid from "./grid";
import list from "./list";
import log from "./log";
import preview from "./preview";
import statistics from "./statistics";
import wall from "./wall";

export const words = { audit, citizens, common, editor, exports, grid, list, log, preview, statistics, wall };
