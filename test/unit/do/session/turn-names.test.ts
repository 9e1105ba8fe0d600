import fc from "fast-check";
import { describe, it } from "vitest";
import { newId, type TurnId } from "../../../../src/core/ids.ts";
import {
  answerMessageId,
  draftIdOf,
  replyKey,
  userMessageId,
  waitingMessageId,
} from "../../../../src/do/session/turn-names.ts";

describe("the names of what belongs to a turn", () => {
  it("differ from each other and begin with the turn's id", ({ expect }) => {
    const turnId = newId<TurnId>();
    const names = [
      userMessageId(turnId),
      answerMessageId(turnId),
      waitingMessageId(turnId),
      replyKey(turnId, 0),
      replyKey(turnId, 1),
    ];
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name.startsWith(`${turnId}:`)).toBe(true);
  });
});

describe("draftIdOf", () => {
  it("is a number from 1 to 2^28, the same at each try", ({ expect }) => {
    fc.assert(
      fc.property(fc.oneof(fc.uuid(), fc.string()), (id) => {
        const draftId = draftIdOf(id as TurnId);
        expect(Number.isInteger(draftId)).toBe(true);
        expect(draftId).toBeGreaterThanOrEqual(1);
        expect(draftId).toBeLessThanOrEqual(2 ** 28);
        expect(draftIdOf(id as TurnId)).toBe(draftId);
      }),
    );
    expect(draftIdOf("0190a000-0000-7000-8000-00000fffffff" as TurnId)).toBe(2 ** 28);
  });
});
