/** The bundler takes style sheets out of the script; for the types they are nothing. */
declare module "*.css";
