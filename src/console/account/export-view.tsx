/** Where a link of /export leads: nothing is taken before the button is pressed. */
import { say } from "../preferences.ts";
import { exportOutcome, exportToken, isTaking, takeExportByLink } from "./export.ts";

export function ExportView() {
  const token = exportToken.value;
  const outcome = exportOutcome.value;
  return (
    <main class="settings">
      <div class="settings-column">
        <section>
          <h2>{say("exportTitle")}</h2>
          {token === undefined ? null : (
            <>
              <p>{say("exportHow")}</p>
              <button
                type="button"
                class="button"
                disabled={isTaking.value}
                onClick={() => void takeExportByLink(token)}
              >
                {say("exportDownload")}
              </button>
            </>
          )}
          <p class={outcome?.isTrouble ? "trouble" : "quiet"} role="status">
            {outcome?.text ?? (token === undefined ? say("exportBadLink") : "")}
          </p>
        </section>
      </div>
    </main>
  );
}
