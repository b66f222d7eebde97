"""The GraphQL schema of Tocsin: types, queries, mutations and subscriptions over the domain. Imports tocsin only."""
