/** The page as a whole: the bar, and below it the view of the address, or the way in. */
import { Header } from "./header.tsx";
import { session } from "./session.ts";
import { SignInView } from "./sign-in-view.tsx";
import { findView, VIEWS } from "./views.tsx";

export function App() {
  const state = session.value;
  const { Component, isOpen } = VIEWS[findView(location.pathname)];
  return (
    <>
      <Header />
      {isOpen || state.status === "signed_in" ? <Component /> : <SignInView state={state} />}
    </>
  );
}
