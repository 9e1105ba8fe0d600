/** The key store as the keyring asks it: the box's one vault. */
import type { Env } from "../../env.ts";
import type { KeyStore } from "../../security/keyring.ts";
import type { VaultObject } from "./vault.ts";

export function openVault(env: Env): DurableObjectStub<VaultObject> {
  return env.VAULT.getByName("vault");
}

export function createKeyStore(env: Env): KeyStore {
  return {
    current: async () => openVault(env).current(),
    byId: async (id) => openVault(env).byId(id),
    personKey: async (personId) => openVault(env).personKey(personId),
    personKeyByNumber: async (number) => openVault(env).personKeyByNumber(number),
    destroyPersonKey: async (personId) => openVault(env).destroyPersonKey(personId),
  };
}
