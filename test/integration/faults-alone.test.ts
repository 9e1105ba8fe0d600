/** Every fault of a model server that has no other beside it. The rows are in test/support/fault-matrix.ts. */
import { listFaultRows } from "../support/fault-matrix.ts";
import { walkFaults } from "../support/walk-faults.ts";

walkFaults("alone", listFaultRows());
