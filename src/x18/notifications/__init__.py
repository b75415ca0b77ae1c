"""Notifications: actions of others that concern a user."""
