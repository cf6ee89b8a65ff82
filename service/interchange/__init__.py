"""The graph in the formats of others: schema.org, 1EdTech CASE, Open Badges."""
