import fc from "fast-check";
import { describe, it } from "vitest";
import { parseProviderAnswer } from "../../../src/console/account/provider.ts";

describe("parseProviderAnswer", () => {
  it("takes code, state and issuer, and tells by the state what for", ({ expect }) => {
    expect(parseProviderAnswer("/oidc", "?code=a%2Fb&state=link.x&iss=https://i")).toEqual({
      purpose: "link",
      answer: { code: "a/b", state: "link.x", iss: "https://i" },
    });
    expect(parseProviderAnswer("/oidc", "?code=c&state=sign-in.x")).toEqual({
      purpose: "sign-in",
      answer: { code: "c", state: "sign-in.x" },
    });
  });

  it("has no answer where the provider let nobody in", ({ expect }) => {
    expect(parseProviderAnswer("/oidc", "?error=access_denied&state=link.x")).toEqual({
      purpose: "link",
      answer: undefined,
    });
  });

  it("finds none in any other address, and throws at no query", ({ expect }) => {
    expect(parseProviderAnswer("/", "?code=c&state=sign-in.x")).toBeUndefined();
    fc.assert(
      fc.property(fc.string(), (query) => {
        expect(parseProviderAnswer("/oidc", query)?.purpose).toMatch(/^(link|sign-in)$/);
      }),
    );
  });
});
