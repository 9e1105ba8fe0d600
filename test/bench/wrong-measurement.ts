/** Thrown where a figure would say something untrue: a message lost, answered twice, or refused. */
export class WrongMeasurement extends Error {
  override name = "WrongMeasurement";
}
