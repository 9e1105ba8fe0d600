/** The page as a whole: the bar, and below it the way in or the view of the address. */
import { Header } from "./header.tsx";
import { session } from "./session.ts";
import { SignInView } from "./sign-in-view.tsx";
import { findView, VIEWS } from "./views.tsx";

export function App() {
  const state = session.value;
  const { Component } = VIEWS[findView(location.pathname)];
  return (
    <>
      <Header />
      {state.status === "signed_in" ? <Component /> : <SignInView state={state} />}
    </>
  );
}
