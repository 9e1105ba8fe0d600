/** A model server that falls silent for longer than it may, with no other beside it. */
import { LATE_OPTIONS, LATE_ROWS } from "../support/fault-matrix.ts";
import { walkFaults } from "../support/walk-faults.ts";

walkFaults("alone", LATE_ROWS, LATE_OPTIONS);
