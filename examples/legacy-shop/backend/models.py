from sqlalchemy import ARRAY, BigInteger, Boolean, Column, DateTime, ForeignKey, Identity, Numeric, SmallInteger, String, Text, func
from sqlalchemy.dialects.postgresql import UUID

from database import Base


class User(Base):
    __tablename__ = "users"

    id = Column(UUID(as_uuid=True), primary_key=True, server_default=func.gen_random_uuid())
    email = Column(String(320), unique=True, nullable=False)
    hashed_password = Column(String(255), nullable=False)
    full_name = Column(String(200))
    role = Column(String(20), nullable=False, default="customer")
    is_active = Column(Boolean, nullable=False, default=True)
    avatar_url = Column(Text)


class Product(Base):
    __tablename__ = "products"

    id = Column(UUID(as_uuid=True), primary_key=True)
    name = Column(Text, nullable=False)
    price = Column(Numeric(10, 2), nullable=False)
    image_urls = Column(ARRAY(Text), nullable=False)
    is_published = Column(Boolean, nullable=False)


class Order(Base):
    __tablename__ = "orders"

    id = Column(BigInteger, primary_key=True)
    user_id = Column(UUID(as_uuid=True), ForeignKey("users.id"), nullable=False)
    total = Column(Numeric(12, 2), nullable=False)
    notes = Column(Text)
    placed_at = Column(DateTime(timezone=True), nullable=False)


class Review(Base):
    __tablename__ = "reviews"

    id = Column(BigInteger, Identity(always=True), primary_key=True)
    product_id = Column(UUID(as_uuid=True), ForeignKey("products.id"), nullable=False)
    user_id = Column(UUID(as_uuid=True), ForeignKey("users.id"), nullable=False)
    stars = Column(SmallInteger, nullable=False)
    body = Column(Text)
    created_at = Column(DateTime(timezone=True), nullable=False, server_default=func.now())
