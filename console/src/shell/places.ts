// Where the main navigation leads: only to screens that this server can fill, and that the viewer may see.
import type { Role } from "../generated/operations";

const EVERYBODY: readonly Role[] = ["VIEWER", "OPERATOR", "ADMIN"];

export const PLACES = [
  { path: "/communications", name: "communications", roles: EVERYBODY },
  { path: "/wall", name: "wall", roles: EVERYBODY },
  { path: "/log", name: "log", roles: EVERYBODY },
  { path: "/citizens", name: "citizens", roles: EVERYBODY },
  { path: "/audit", name: "audit", roles: ["ADMIN"] as readonly Role[] },
] as const;
